"""Serves the demo site: python -m headrace.demo PORT"""

import sys

import uvicorn

from headrace.demo.site import create_site

uvicorn.run(create_site(), host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
