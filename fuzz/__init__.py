"""Coverage-guided fuzzing of the readers: ``python -m fuzz --seconds 60`` (``make fuzz``).

Each target has ``one_input(data)``, which may raise nothing; ``seeds()`` gives inputs to start from. What
fuzzing finds is kept under ``cases/<target>`` and run as a test from then on.
"""
