"""Frames that other people publish in their tests, and the values that they say are in them.

Looked up as facts: which bytes, which values. Where they come from:
- Traccar: `src/test/java/org/traccar/protocol/HuabaoProtocolDecoderTest.java`, `HuabaoFrameDecoderTest.java` (Java, Apache-2.0)
- JT808 of SmallChi: `src/JT808.Protocol.Test/MessageBody/*.cs` (C#, MIT)
- go-jt808 of cuteLittleDevil: `protocol/model/parse_test.go` (Go, MIT)
- jt808-server of yezhihao: `jtt808-protocol/src/test/resources/JT808.txt` with `JT808Beans.java` (Java, Apache-2.0)
- xtream-codec of hylexus: `BuiltinMessage0107V2019Test.java` (Java, Apache-2.0)
"""

from __future__ import annotations

from datetime import date, datetime

import pytest

from shuzheng.protocols.jt808 import Edition, Frame, Location, Message, ProtocolError, decode, pack, unpack
from shuzheng.protocols.jt808 import messages as m
from shuzheng.protocols.jt808.fields import BEIJING
from shuzheng.protocols.jt808.parameters import value_of


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BEIJING)


SMALLCHI_1 = Location(
    at("2018-07-15 10:10:10"), 12222222, 132444444, 1, 2, 40, 60, 0, ((1, b"\0\0\0\x64"), (2, b"\0\x37"))
)
SMALLCHI_2 = Location(
    at("2018-07-15 10:10:30"), 13333333, 132555555, 2, 1, 41, 54, 120, ((1, b"\0\0\0\x60"), (2, b"\0\x42"))
)
CUTE = Location(at("2024-10-01 23:59:59"), 119552894, 40058359, 1024, 2048, 312, 3, 99)
YEZHIHAO = Location(at("2020-07-07 19:23:59"), 116307629, 40058359, 1024, 2048, 312, 3, 99)

Y11, Y13, Y19 = Edition.Y2011, Edition.Y2013, Edition.Y2019

# who publishes it, the frame, the terminal, the serial number, what it says, whether written again it is the same bytes
PUBLISHED: list[tuple[str, str, str, int, Message, bool]] = [
    ("smallchi 0x0001", "7E0001000501234567890004B303E8000200D37E", "12345678900", 1203,
     m.TerminalReply(1000, 2, 0), True),
    ("go-jt808 0x0001", "7e000100050123456789017fff007b01c803bd7e", "12345678901", 32767,
     m.TerminalReply(123, 456, 3), True),
    ("yezhihao 0x0001 2019", "7e000140050100000000017299841738ffff007b01c803b57e", "17299841738", 65535,
     m.TerminalReply(123, 456, 3), True),
    ("go-jt808 0x8001", "7e8001000501234567890100007fff0002008e7e", "12345678901", 0,
     m.PlatformReply(32767, 2, 0), True),
    ("go-jt808 0x0002", "7e0002000001234567890100008a7e", "12345678901", 0, m.Heartbeat(), True),
    ("traccar 0x0002", "7e0002000004304832546500b7ca7e", "43048325465", 183, m.Heartbeat(), True),
    ("smallchi 0x0100 2011",
     "7E01000021000123456789000A002800323132333400746B3132333435004348493132330001D4C1413132333435857E",
     "123456789", 10, m.Registration(40, 50, "1234", "tk12345", "CHI123", 1, "粤A12345", Y11), True),
    ("smallchi 0x0100 2013",
     "7E0100002D000123456789000A002800323132333400736D616C6C6368693132330000000000000000004348493132330001D4C14131323334358A7E",
     "123456789", 10, m.Registration(40, 50, "1234", "smallchi123", "CHI123", 1, "粤A12345", Y13), True),
    ("smallchi 0x0100 2019, zeros before the texts",
     "7E010040540100000000000123456789000A002800323132333400000000000000736D616C6C6368693132330000000000000000000000000000"
     "000000000043484931323300000000000000000000000000000000000000000000000001D4C1413132333435B27E",
     "123456789", 10, m.Registration(40, 50, "1234", "smallchi123", "CHI123", 1, "粤A12345", Y19), True),
    ("go-jt808 0x0100 2011",
     "7e010000200123456789010000001f007363640000007777772e3830382e3736353433323101b2e24131323334a17e",
     "12345678901", 0, m.Registration(31, 115, "cd", "www.808.", "7654321", 1, "测A1234", Y11), True),
    ("go-jt808 0x0100 2013",
     "7e0100002c0123456789010000001f007363640000007777772e3830382e636f6d0000000000000000003736353433323101b2e24131323334cc7e",
     "12345678901", 0, m.Registration(31, 115, "cd", "www.808.com", "7654321", 1, "测A1234", Y13), True),
    ("go-jt808 0x0100 2019",
     "7e0100405301000000000172998417380000001f007363640000000000000000007777772e3830382e636f6d00000000000000000000000000000000"
     "00000037363534333231000000000000000000000000000000000000000000000001b2e241313233343b7e",
     "17299841738", 0, m.Registration(31, 115, "cd", "www.808.com", "7654321", 1, "测A1234", Y19), True),
    ("yezhihao 0x0100 2019, twenty digits of phone",
     "7e010040550112345678901234567890ffff001f0073797a6800000000000000007777772e6a74743830382e636e00000000000000000000000000"
     "0000000030393837363534333231303938373635343332310000000000000000000001b2e241383838383838227e",
     "12345678901234567890", 65535,
     m.Registration(31, 115, "yzh", "www.jtt808.cn", "09876543210987654321", 1, "测A888888", Y19), True),
    ("traccar 0x0100", "7E01000021013345678906000F002C012F373031313142534A2D4D3742203030303030303001D4C1423838383838B47E",
     "13345678906", 15, m.Registration(44, 303, "70111", "BSJ-M7B", "0000000", 1, "粤B88888", Y11), False),
    ("smallchi 0x8100 refused", "7E81000003012345678900000A006404617E", "12345678900", 10,
     m.RegistrationReply(100, m.NO_TERMINAL), True),
    ("smallchi 0x8100", "7E81000013012345678900000A0064007A7373646166323331323473666473633B7E", "12345678900", 10,
     m.RegistrationReply(100, 0, "zssdaf23124sfdsc"), True),
    ("yezhihao 0x8100 2019",
     "7e8100401e0100000000017299841738ffff970c006368774430534531666368774430534531666368774430534531664d7e",
     "17299841738", 65535, m.RegistrationReply(38668, 0, "chwD0SE1fchwD0SE1fchwD0SE1f"), True),
    ("smallchi 0x0102", "7E010200090123456789003039343536313231313131BE7E", "12345678900", 12345,
     m.Authentication("456121111"), True),
    ("traccar 0x0102", "7E0102000E013511221122000661757468656E7469636174696F6E3F7E", "13511221122", 6,
     m.Authentication("authentication"), True),
    ("go-jt808 0x0102 2019",
     "7e0102402f010000000001729984173800000b3137323939383431373338313233343536373839303132333435332e372e31350000000000000000"
     "000000000000227e",
     "17299841738", 0, m.Authentication("17299841738", "123456789012345", "3.7.15"), True),
    ("smallchi 0x0200",
     "7E02000026112233445566" "22B8000000010000000200BA7F0E07E4F11C0028003C000018071510101001040000006402020037577E",
     "112233445566", 8888, m.LocationReport(SMALLCHI_1), True),
    ("go-jt808 0x0200, an escaped byte", "7e0200001c0123456789010000000004000000080007203b7d0202633df70138000300632410012359591c7e",
     "12345678901", 0, m.LocationReport(CUTE), True),
    ("smallchi 0x0201", "7E0201002811223344556622B83039000000010000000200BA7F0E07E4F11C0028003C000018071510101001040000006402020037517E",
     "112233445566", 8888, m.LocationAnswer(12345, SMALLCHI_1), True),
    ("smallchi 0x0704",
     "7E0704005311223344556622B80002000026000000010000000200BA7F0E07E4F11C0028003C0000180715101010010400000064020200370026"
     "000000020000000100CB735507E6A32300290036007818071510103001040000006002020042D47E",
     "112233445566", 8888, m.LocationBatch((SMALLCHI_1, SMALLCHI_2)), True),
    ("go-jt808 0x0704",
     "7e0704003f0123456789010000000200001c000004000000080007203b7d0202633df7013800030063241001235959001c000004000000080007203b"
     "7d0202633df7013800030063241001235959b67e",
     "12345678901", 0, m.LocationBatch((CUTE, CUTE)), True),
    ("yezhihao 0x0704 2019, blind area",
     "7e0704405d0100000000017299841738ffff000301001c000004000000080006eeb6ad02633df7013800030063200707192359001c0000040000000800"
     "06eeb6ad02633df7013800030063200707192359001c000004000000080006eeb6ad02633df70138000300632007071923590e7e",
     "17299841738", 65535, m.LocationBatch((YEZHIHAO,) * 3, blind=True), True),
    ("smallchi 0x0104", "7E0104001E000123456789000A00140200000001040000000A000000130D7777772E62616964752E636F6DF27E", "123456789", 10,
     m.Parameters(20, ((1, b"\0\0\0\x0a"), (0x13, b"www.baidu.com"))), True),
    ("smallchi 0x8103", "7E8103000A000123456789000A0100000001040000000A057E", "123456789", 10,
     m.SetParameters(((1, b"\0\0\0\x0a"),)), True),
    ("go-jt808 0x8104 2019", "7e8104400001000000000144199999990003027e", "14419999999", 3, m.QueryParameters(), True),
    ("yezhihao 0x8106", "7e810600190123456789017fff0600000001000000030000000500000007000000090000007fe67e", "12345678901", 32767,
     m.QuerySome((1, 3, 5, 7, 9, 127)), True),
    ("smallchi 0x8300", "7E8300000D012345678900000105736D616C6C63686920353138027E", "12345678900", 1,
     m.Text("smallchi 518", 5), True),
    ("smallchi 0x8300 2019", "7E8300400E010000000001234567890000010501736D616C6C63686920353138417E", "12345678900", 1,
     m.Text("smallchi 518", 5, 1), True),
    ("yezhihao 0x8300 2019", "7e830040190100000000017299841738ffff3f01b2e2cad43132334034353623616263212e2e2ebde1caf88f7e", "17299841738",
     65535, m.Text("测试123@456#abc!...结束", 63, 1), True),
    ("yezhihao 0x8202", "7e820200060123456789017fff000500000258d17e", "12345678901", 32767, m.Follow(5, 600), True),
    ("yezhihao 0x8003", "7e800300150123456789017fff1099090001000200030004000500060007000800091f7e", "12345678901", 32767,
     m.SendAgain(4249, tuple(range(1, 10))), True),
    ("yezhihao 0x8003 2019", "7e800340160100000000017299841738ffff10990009000100020003000400050006000700080009147e", "17299841738",
     65535, m.SendAgain(4249, tuple(range(1, 10))), True),
    ("smallchi 0x0107",
     "7E0107004111223344556622B8000531303630313130343535353435393535313033000000000000346436613133001234567890123456789007616263"
     "646566670A706F69757974726577710709EA7E",
     "112233445566", 8888,
     m.Properties(5, "10601", "10455545955103", "4d6a13", "12345678901234567890", "abcdefg", "poiuytrewq", 7, 9), True),
    ("xtream-codec 0x0107 2019",
     "7e0107406301000000000139123443290000004231323334357465726d696e616c54797065313233343536373831313131313232323232313233343536"
     "373839303132333435363738393031323334353637383930111122334455667788990968642d76312e322e3309666d2d76332e322e310302137e",
     "13912344329", 0,
     m.Properties(66, "12345", "terminalType123456781111122222", "123456789012345678901234567890", "11112233445566778899",
                  "hd-v1.2.3", "fm-v3.2.1", 3, 2), True),
    ("yezhihao 0x0805", "7e080500290123456789017ffff4c0000009000000010000000200000003000000040000000500000006000000070000000800000009107e",
     "12345678901", 32767, m.CameraReply(62656, 0, tuple(range(1, 10))), True),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "raw", "phone", "serial", "message", "exact"), PUBLISHED, ids=[p[0] for p in PUBLISHED]
)
def test_a_published_frame_says_what_its_publisher_says_and_is_written_alike(
    said: str, raw: str, phone: str, serial: int, message: Message, exact: bool
) -> None:
    frame = unpack(bytes.fromhex(raw))
    assert (frame.phone, frame.serial) == (phone, serial)
    assert decode(frame) == message
    if exact:
        edition = message.edition if isinstance(message, m.Registration) else frame.edition
        again = Frame(frame.id, phone, serial, message.write(edition), frame.version)
        assert pack(again) == bytes.fromhex(raw)


def test_additional_items_have_the_values_that_their_publisher_put_in() -> None:
    raw = (
        "7e0200007c0123456789017fff000004000000080006eeb6ad02633df701380003006320070719235901040000000b0202001603020021040200"
        "2c051e3737370000000000000000000000000000000000000000000000000000001105420000004212064d0000004d4d130700000058005858250400"
        "0000632a02000a2b040000001430011e3101286b7e"
    )
    report = decode(unpack(bytes.fromhex(raw)))
    assert isinstance(report, m.LocationReport)
    here = report.location
    # yezhihao: mileage 11, fuel 22, speed 33, signals 99, strength 30, satellites 40
    assert (here.mileage, here.fuel, here.recorder_speed, here.signals, here.signal, here.satellites) == (
        11, 22, 33, 99, 30, 40,
    )  # fmt: skip
    assert here.item(0x05) == bytes((55, 55, 55)).ljust(30, b"\0")
    assert here.item(0x11, 5) == b"\x42\0\0\0\x42" and here.item(0x12, 6) == b"\x4d\0\0\0\x4d\x4d"
    assert here.rest == b""


def test_parameters_that_a_terminal_answers_with_mean_what_they_say() -> None:
    # go-jt808, TestParse "T0x0104": interval 10 s, server 127.0.0.1:7000, highest speed 60, plate 京AX0001, colour 1
    answers = {
        0x0001: "0000000a",
        0x0013: "3132372e302e302e313a37303030",
        0x0055: "0000003c",
        0x0083: "bea941583030303120",
    }
    said = {number: value_of(number, bytes.fromhex(raw)) for number, raw in answers.items()}
    assert said == {0x0001: 10, 0x0013: "127.0.0.1:7000", 0x0055: 60, 0x0083: "京AX0001"}
    assert value_of(0x0055, b"\x01") == b"\x01" and value_of(0xF001, b"\x02") == b"\x02"


DRIVERS = [
    ("card out", "02180816091616", Y13, m.DriverIdentity(2, at("2018-08-16 09:16:16"))),
    ("not read", "0118081609161601", Y13, m.DriverIdentity(1, at("2018-08-16 09:16:16"), 1)),
    ("2013", "0118081609161600056B6F696B6571776531323334353661616100000000000000000671776572747820180816", Y13,
     m.DriverIdentity(1, at("2018-08-16 09:16:16"), 0, "koike", "qwe123456aaa", "qwertx", date(2018, 8, 16))),
    ("2019", "0119120111111100056B6F696B65717765313233343536616161000000000000000006717765727478201912013132333435363738393031323334353637000000",
     Y19, m.DriverIdentity(1, at("2019-12-01 11:11:11"), 0, "koike", "qwe123456aaa", "qwertx", date(2019, 12, 1),
                           "12345678901234567")),
    ("2011", "03746B310000" "3132333435363738393132333435363738390000000000000000000000000000000000000000000000000000000071776531323334353661616106"
     "717765727478", Y11, m.DriverIdentity(1, None, 0, "tk1", "qwe123456aaa", "qwertx", None, "123456789123456789")),
]  # fmt: skip


@pytest.mark.parametrize(("said", "raw", "edition", "message"), DRIVERS[:4], ids=[d[0] for d in DRIVERS[:4]])
def test_a_drivers_card_is_read_as_published(said: str, raw: str, edition: Edition, message: m.DriverIdentity) -> None:
    frame = Frame(0x0702, "1", 0, bytes.fromhex(raw), 1 if edition is Y19 else None)
    assert decode(frame, edition) == message
    assert message.write(edition) == bytes.fromhex(raw)


# Traccar says only that these give a position (or several), or a named attribute of one: how many, where the vehicle is.
TRACCAR = [
    ("7E0200002A013833501744001900000000000000C201597FA806CC01580080000000081508180721210104000002F502020000030200009F7E",
     [(22.642600, 114.032984, "2015-08-18 07:21:21")], {"mileage": 757, "fuel": 0, "recorder_speed": 0}),
    ("7e020000400303000002280042000000000000000301618ab406c31ec800000000000518092116145701040000047830011031010aeb16000c00b2898"
     "6011780108622216500060089ffffffffc37e", [(23.169716, 113.450696, "2018-09-21 16:14:57")], {"satellites": 10}),
    # behind the fixed part the maker writes text of its own
    ("7e02000054086031592715006e0000000000000002015a3c1a06c8733800000000000019103022183633362a4d30302c34352c31313338363030526f7"
     "9314f70656e26303030303030303030303030263132333435363738393031323334353623ff7e",
     [(22.690842, 113.799992, "2019-10-30 22:18:36")], {}),
    # further items that are no items of the standard, with a length beyond the end
    ("7e0200002c00160128561400020000000000040001005de1f7065c6cef00000000000017011710044201040000a9002a02000030011b3101030c7e",
     [(6.152695, 106.720495, "2017-01-17 10:04:42")], {"mileage": 43264}),
    ("7E0704014301356777777707F5000801002600000000000000030159741206CBFD5001720000000116052709062401040000001D0302000000260000"
     "0000000000030159746606CBFD50016B0000000116052709065301040000001D0302000000260000000000000003015975E406CBFE58013F00000001"
     "16052709072701040000001D0302000000260000000000000003015976DE06CBFF10012E0000000116052709075601040000001D0302000000260000"
     "000000000003015976BC06CBFED0012D0000000116052709083001040000001D0302000000260000000000000003015976FE06CBFEC0010800000001"
     "16052709090001040000001D0302000000260000000000000003015976FE06CBFE7800FC0000000116052709093301040000001D0302000000260000"
     "000000000003015977A606CBFF3001080000000116052709100201040000001D030200001F7E",
     [(22.639634, 114.031952, "2016-05-27 09:06:24")] + [None] * 6 + [(22.640550, 114.032432, "2016-05-27 09:10:02")], {"mileage": 29}),
]  # fmt: skip


@pytest.mark.parametrize(("raw", "places", "items"), TRACCAR)
def test_frames_from_traccar_give_positions(
    raw: str, places: list[tuple[float, float, str] | None], items: dict[str, int]
) -> None:
    said = decode(unpack(bytes.fromhex(raw)))
    locations = said.locations if isinstance(said, m.LocationBatch) else (said.location,)  # type: ignore[attr-defined]
    assert len(locations) == len(places)
    for location, place in zip(locations, places, strict=True):
        if place is not None:
            assert (location.latitude, location.longitude, location.at) == (place[0], place[1], at(place[2]))
    assert {name: getattr(locations[0], name) for name in items} == items


def test_a_frame_whose_number_was_made_anonymous_and_its_checksum_not_is_refused() -> None:
    # Traccar publishes some like this: it does not look at the checksum.
    raw = (
        "7E02000032013511221122000700000000000C000301578CC006CA3A5C00470000000014072317201501040000000030011631010BD07E"
    )
    with pytest.raises(ProtocolError, match="0xd0 instead of 0xf0"):
        unpack(bytes.fromhex(raw))


def test_bytes_between_marks_are_unescaped_as_traccar_does() -> None:
    from shuzheng.protocols.jt808.frames import escape, unescape

    assert unescape(bytes.fromhex("307d02087d0155")) == bytes.fromhex("307e087d55")
    assert escape(bytes.fromhex("307e087d55")) == bytes.fromhex("307d02087d0155")


def test_multimedia_is_known_to_be_not_taken() -> None:
    raw = bytes.fromhex(
        "7e080100290123456789017fff0000007b01020102000004000000080006eeb6ad02633df70138000300632007071923590d7b0d7b7b667e"
    )
    assert decode(unpack(raw)) == m.Unknown(0x0801, unpack(raw).body)
