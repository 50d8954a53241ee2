"""Where things lie in the checkout."""

import os
import pathlib

TOP = pathlib.Path(__file__).resolve().parents[3]
VECTORS = TOP / "Tests/Vectors/frames"
PROTOCOL_PAGE = TOP / "Sources/WireProtocol/WireProtocol.docc/Protocol.md"
CERTIFICATES = pathlib.Path(__file__).resolve().parents[1] / "certificates"
NEEDLETAIL = pathlib.Path(os.environ.get("NEEDLETAIL", TOP / ".build/release/needletail"))
if "NEEDLETAIL" in os.environ and not NEEDLETAIL.exists():
    raise FileNotFoundError(f"NEEDLETAIL names {NEEDLETAIL}, which is not there")
MOCK_RECEIVER = NEEDLETAIL.with_name("mock-receiver")
