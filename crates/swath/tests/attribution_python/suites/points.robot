*** Settings ***
Library    Points.py

*** Test Cases ***
Passes
    Ran    passes

Fails
    Ran    fails
    Fail

Skips
    Ran    skips
    Skip
