#!/bin/sh
# Co-evolution on one GPU: vLLM serves the base and the adapters of each round in two fifths of its memory, the trainer takes the rest.
#   sh finetune/musl/one_gpu.sh BASE OUTPUT [options of `codepar finetune musl`]
# BASE is a folder of transformers or a name on the hub. Needs vllm, and codepar with the extra `train`, on the path.
# The same line goes on with a run that was stopped. Limits: one GPU, one machine; it was not run where it was written.
set -eu
base=$1
output=$2
shift 2
port=${PORT:-8001}
mkdir -p "$output"

VLLM_ALLOW_RUNTIME_LORA_UPDATING=True vllm serve "$base" --host 127.0.0.1 --port "$port" --dtype bfloat16 --max-model-len 8192 \
    --gpu-memory-utilization 0.4 --enable-prefix-caching --enable-lora --max-lora-rank 32 --max-loras 2 \
    >"$output/vllm.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT INT TERM

waited=0
until curl -sf "http://127.0.0.1:$port/v1/models" >/dev/null; do
    kill -0 "$server" 2>/dev/null || { echo "vLLM ended: see $output/vllm.log" >&2; exit 3; }
    [ "$waited" -lt 900 ] || { echo "vLLM does not answer: see $output/vllm.log" >&2; exit 3; }
    sleep 5
    waited=$((waited + 5))
done

CODEPAR_ENGINE_URL="http://127.0.0.1:$port/v1" CODEPAR_MODEL="$base" codepar finetune musl -o "$output" --base "$base" \
    --rounds 4 --candidates 20 --repair 1 --keep 4 --tests 5 --mutants 24 --development 60 \
    --epochs 3 --rank 32 --pack-tokens 8192 --packs-per-step 4 --workers "$(nproc)" "$@"
