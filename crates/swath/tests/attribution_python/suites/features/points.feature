Feature: points

  Scenario: passes
    When "passes" runs

  Scenario: fails
    When "fails" runs
    Then it fails

  Scenario Outline: rows
    When "<row>" runs

    Examples:
      | row |
      | one |
      | two |
