"""The conformance vectors: nothing different, nothing lost that was identical before."""
import vectors


def test_vectors_have_no_different_answer_and_lose_nothing():
    results = vectors.run(vectors.load([]), 2)
    different = [v["id"] for v, verdict, _ in results if verdict == "different"]
    identical = {v["id"] for v, verdict, _ in results if verdict == "identical"}
    lost = sorted(vectors.read_ratchet() - identical)
    print(vectors.table(results))
    assert not different, f"{len(different)} different: {', '.join(different[:20])}"
    assert not lost, f"{len(lost)} no longer identical: {', '.join(lost[:20])}"
