"""The skill of one worker at one kind of task, as gold and decided tasks show it."""
