"""What an answer says of itself, in the language of the question."""

from __future__ import annotations

from typing import Final

NO_EVIDENCE: Final = {"es": "Los artículos no lo dicen.", "en": "The articles don't say."}
# What stands before the nearest sentences where the articles come near without clearly answering.
NEAREST: Final = {
    "es": "Los artículos no lo responden con claridad. Lo más cercano que dicen:",
    "en": "The articles don't clearly answer this. The nearest they say:",
}
AS_WRITTEN: Final = {
    "es": "Los artículos están en otro idioma; se citan tal como están.",
    "en": "The articles are in another language; they are quoted as they stand.",
}
# Said with the sentences that are found for a question that asks for a yes or a no.
YES_OR_NO: Final = {
    "es": "La pregunta pide un sí o un no. Esto es lo que dicen los artículos; la conclusión queda para quien lee.",
    "en": "The question asks for a yes or a no. This is what the articles say; the conclusion is left to the reader.",
}
# Above the values that cited sentences give for the same thing.
DIFFERING: Final = {"es": "Las fuentes no coinciden:", "en": "The sources differ:"}
NOTHING_IN_SCOPE: Final = {
    "es": "Ningún documento indexado cumple el filtro.",
    "en": "No indexed document is within the filter.",
}
_INSTEAD = {"es": "Estas son frases de los artículos.", "en": "These are the articles' own sentences."}
_WHY = {
    "unreachable": ("No se pudo conectar con el modelo.", "The model can't be reached."),
    "refused": ("El servidor del modelo rechazó la petición.", "The model server refused the request."),
    "timeout": ("El modelo tardó demasiado.", "The model took too long."),
    "empty": ("El modelo no escribió nada.", "The model wrote nothing."),
    "cut": ("La respuesta del modelo quedó cortada.", "The model's answer was cut off."),
    "garbage": ("El modelo no escribió una respuesta legible.", "The model wrote nothing legible."),
    "uncited": ("El modelo no citó ninguna frase.", "The model cited no sentence."),
    "failed": ("Al redactar la respuesta algo falló.", "Something failed while the answer was written."),
    "declined": ("El modelo no halló la respuesta en estas frases.", "The model found no answer in these sentences."),
}
# Why the model's answer is not shown, and what is shown instead.
NOT_WRITTEN: Final = {
    reason: {"es": f"{es} {_INSTEAD['es']}", "en": f"{en} {_INSTEAD['en']}"} for reason, (es, en) in _WHY.items()
}
