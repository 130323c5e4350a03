"""The route that asks many questions at once, as a job whose report holds the rows."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.batch.questions import question_of
from api.batch.run import rows_of
from api.errors import PROBLEM
from api.http.routes import Served
from api.http.schemas import Filtered
from api.job_info import JobInfo
from api.jobs import Advance

MOST_QUESTIONS = 1000
PARALLEL = 2  # who asks one question need not wait long behind a batch
router = APIRouter()


class BatchRequest(Filtered):
    """Questions, and which documents may answer them."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"questions": ["¿Quién es John Kirby?", {"id": "b", "question": "…"}]}]}
    )
    questions: list[Any] = Field(
        min_length=1, max_length=MOST_QUESTIONS, description="Texts, or objects with `question` and perhaps `id`."
    )


@router.post(
    "/v1/batch", status_code=202, tags=["ask"],
    responses={
        404: {"description": "No such collection or document.", **PROBLEM},
        409: {"description": "Nothing indexed yet, or indexed with another model.", **PROBLEM},
        423: {"description": "Too many batches are waiting.", **PROBLEM},
        503: {"description": "The model is still loading.", **PROBLEM},
    },
)  # fmt: skip
async def batch(body: BatchRequest, service: Served) -> JobInfo:
    """Answer many questions; answers with a job to follow.

    The job's `report` is `{"rows": [...]}`, in the order of the questions: each has `number`, `question` and the fields
    of an answer without passages, or `error`, which says what is wrong with that question. The last five are kept.
    """
    engine = await service.within(body.scope)
    questions = [question_of(number, value) for number, value in enumerate(body.questions, 1)]

    def work(advance: Advance) -> dict[str, Any]:
        rows = []
        for row in rows_of(questions, engine.answer, PARALLEL):
            rows.append(row.data)
            advance(1, len(questions) - len(rows))
        return {"rows": rows}

    return service.batches.submit("batch", work)
