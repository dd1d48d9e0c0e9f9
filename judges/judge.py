#!/usr/bin/env python3
"""Holds what the institution makes against programs that we did not write.

    python judges/judge.py FOLDER

FOLDER has, each optional, as DER files:

    certs/NAME.der            certificates; an issuer is found by its key identifier
    crls/NAME.der             revocation lists
    ocsp/STATUS-NAME.der      OCSP answers; STATUS is good, hold, revoked or unknown
    responses/NAME.der        answers to requests (GM/T 0092), with the subscriber's
    responses/NAME.key.pem    signing key beside it

Each file is decoded and encoded again by a second decoder, linted by pkilint and, for what is
signed or encrypted, verified or decrypted by OpenSSL. The last line counts: `N passed, M
failed`; the exit code is 1 when anything failed.
"""

import argparse
import sys
from pathlib import Path

from checks import Board
from folder import Folder
import decoding
import envelopes
import linting
import signatures


def judge(folder: Folder, board: Board) -> None:
    """Every check on every file."""
    decoding.check(folder, board)
    linting.check(folder, board)
    signatures.check(folder, board)
    envelopes.check(folder, board)
    board.expect(folder.count() > 0, str(folder.path), "there is something to judge", "it is empty")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quiet", action="store_true", help="name only what failed")
    arguments = parser.parse_args()
    board = Board(arguments.quiet)
    judge(Folder(arguments.folder), board)
    print(f"{board.passed} passed, {board.failed} failed")
    return 1 if board.failed else 0


if __name__ == "__main__":
    sys.exit(main())
