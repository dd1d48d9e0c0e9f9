"""Counts and prints checks."""

from collections.abc import Callable


class Wrong(Exception):
    """A check failed; the text says how."""


class Board:
    """What was checked and what came of it."""

    def __init__(self, quiet: bool = False) -> None:
        self.passed = 0
        self.failed = 0
        self._quiet = quiet

    def expect(self, holds: bool, subject: str, what: str, otherwise: str = "") -> None:
        """One check: `what` holds of `subject`, or `otherwise` says what was found."""
        if holds:
            self.passed += 1
            if not self._quiet:
                print(f"ok    {subject}: {what}")
        else:
            self.failed += 1
            print(f"WRONG {subject}: {what}: {otherwise}")

    def run(self, subject: str, what: str, check: Callable[[], None]) -> None:
        """One check as a function. Whatever it raises is a failure, never a way out."""
        try:
            check()
        except Exception as error:  # noqa: BLE001: a judge that falls over has not agreed
            self.expect(False, subject, what, f"{type(error).__name__}: {error}")
        else:
            self.expect(True, subject, what)
