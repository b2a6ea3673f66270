"""Names of files and folders that somebody may not have thought of."""

FILE_NAMES = (
    b"line\nbreak.jpg", "\u202egpj.exe.jpg".encode(), b"\xff\xfe\xfa.jpg", b"a" * 251 + b".jpg",
    "\U0001f600\U0001f468\u200d\U0001f469.jpg".encode(), b" .jpg", b"-rf.jpg", b"$(touch x).jpg",
    b"';drop table item;--.jpg", b"<img src=x onerror=alert(1)>.jpg", b"\x01\x02.jpg", b"CON.jpg",
    b"a%00.jpg", b"back\\slash.jpg", b"a\\..\\up.jpg", "e\u0301.jpg".encode(), "\u00e9.jpg".encode(),
    b"http:host.jpg", b"name.jpg ", b"UP.JPG", b"up.jpg", b"=1+1.jpg", b"{{7*7}}.jpg",
    b"a:b|c?*.jpg", b"~.jpg", b"%2e%2e%2fup.jpg",
)  # fmt: skip
"""All of them are taken."""

FOLDER_NAMES = (b"\xff\xfe", b"new\nline", "\u202eevil".encode(), b"-", b"a" * 255, b"  ", b"C:")
