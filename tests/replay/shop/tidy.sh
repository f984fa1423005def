#!/bin/sh
echo tidied
