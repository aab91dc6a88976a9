#!/bin/sh
# What `make demo` shows: real networks validated, summarised, built, verified, run and trained.
set -eu
cd "$(dirname "$0")/.."
out=build/demo
rm -rf $out/digits_run
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; "$@"; }

say archc --version
say archc validate specs
say archc summary specs/images/lenet5.yaml
say archc build specs/images/lenet5.yaml -o $out/lenet5
say cat $out/lenet5/model.py
say archc build specs/images/resnet.yaml --variant resnet18 -o $out/resnet18
say archc build specs/generative/dcgan.yaml -o $out/dcgan
say archc verify $out/lenet5 specs/images/unet.yaml specs/sequences/lstm_classifier.yaml specs/transformers/gpt.yaml
say archc verify specs/images/resnet.yaml --variant resnet18

printf '\nA digit-sized image of noise, through ONNX Runtime:\n'
python - $out/noise.npz <<'PY'
import sys

import numpy as np

np.savez(sys.argv[1], image=np.random.default_rng(0).standard_normal((1, 1, 28, 28), dtype=np.float32))
PY
say archc run $out/lenet5 --input $out/noise.npz

say archc train specs/learning/digits_cnn.yaml --out $out/digits_run --device cpu
say archc build specs/learning/digits_cnn.yaml --weights $out/digits_run -o $out/digits_cnn
printf '\nThe digits that were held out, classified in ONNX Runtime:\n'
python specs/classify_digits.py $out/digits_cnn

printf '\nA mistake (a skip connection of 65 channels where 64 are expected), found before anything runs:\n'
cat > $out/mistake.yaml <<'YAML'
name: mistake
inputs: {image: [N, 3, H, W]}
layers:
  - {name: a, conv2d: {out_channels: 64, kernel_size: 3, padding: 1}}
  - {name: b, from: image, conv2d: {out_channels: 65, kernel_size: 3, padding: 1}}
  - add: [a, b]
YAML
printf '\033[1m$ archc validate %s\033[0m\n' $out/mistake.yaml
archc validate $out/mistake.yaml && exit 1
printf '\nAll of it is in %s.\n' $out
