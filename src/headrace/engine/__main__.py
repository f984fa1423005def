from headrace.engine.process import main

main()
