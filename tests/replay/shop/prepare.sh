#!/bin/sh
# Lies beside the test's files.
echo "prepared for $(grep -c , Users.csv) lines"
