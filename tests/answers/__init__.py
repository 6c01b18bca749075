"""The wrong answers that learners give, and what the checks must say to them."""
