"""An embedding model is asked through litellm, at a server on this machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from trader.domain.errors import ModelError
from trader.memory.embedding import HashedWords, embedder


class Embeddings(BaseHTTPRequestHandler):
    """OpenAI's endpoint: each text's vector is its length and one; a text of nothing is an error."""

    def do_POST(self) -> None:
        texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
        data = [
            {"object": "embedding", "index": row, "embedding": [float(len(text)), 1.0]}
            for row, text in enumerate(texts)
        ]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        body = json.dumps({"object": "list", "model": "small", "data": data, "usage": usage}).encode()
        self.send_response(500 if "" in texts else 200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    listening = ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{listening.server_port}/v1")
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    yield
    listening.shutdown()
    listening.server_close()


@pytest.mark.filterwarnings("default")
def test_a_models_vectors_are_taken_at_length_one_and_its_failure_is_one_error(server: None) -> None:
    model = embedder("openai/small")
    assert model.name == "openai/small"
    rows = model(["abc", "abcd"])
    assert rows == pytest.approx(np.array([[3.0, 1.0], [4.0, 1.0]]) / np.sqrt([[10.0], [17.0]]))
    with pytest.raises(ModelError, match="openai/small gives no embedding"):
        model([""])


def test_without_one_words_are_hashed() -> None:
    assert isinstance(embedder("hashed-words"), HashedWords)
