"""A convolution, a quantum block and a dense layer read digits, in Keras, beside a classical network of the same size.

python examples/keras_digits.py [--steps 600] [--samples 1347] [--seed 0]
"""

from __future__ import annotations

import digits
import keras

import qcompile as qc


def network(block: keras.layers.Layer) -> keras.Model:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, strides=2, activation="relu"),
            layers.Flatten(),
            layers.Dense(4),
            block,
            layers.Dense(10),
        ]
    )


def main() -> None:
    options = digits.options(__doc__, steps=600)
    data = digits.Digits.of(options.seed)
    keras.utils.set_random_seed(options.seed)
    classical = keras.layers.Dense(4, activation="tanh", use_bias=False)
    blocks = {"quantum": qc.tensorflow.Layer(digits.block()), "classical": classical}
    for name, block in blocks.items():
        model = network(block)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile(keras.optimizers.Adam(0.02), loss)
        images, classes = data.images[: options.samples], data.classes[: options.samples]
        per_epoch = -(-len(images) // 32)
        model.fit(images, classes, batch_size=32, epochs=-(-options.steps // per_epoch), verbose=0)
        digits.report(name, model.count_params(), model(data.test_images), data)


if __name__ == "__main__":
    main()
