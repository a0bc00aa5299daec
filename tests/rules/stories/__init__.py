"""Stories of the rules, one module per topic: for each rule one that breaks it and one that keeps it."""
