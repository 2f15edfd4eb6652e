"""Which operators of a graph have a derivative in `gradient.py`."""

from .model import Model

ELEMENTWISE = ("Sigmoid", "Tanh", "Exp", "Log", "Sqrt", "Relu", "Clip")
LINEAR = ("Identity", "Neg", "Gemm", "MatMul", "Slice", "Concat", "ReduceSum")
PAIRS = ("Add", "Sub", "Mul", "Div", "Pow", "Max", "Min")
SUPPORTED = {*ELEMENTWISE, *LINEAR, *PAIRS, "Softmax"}


def is_differentiable(model: Model) -> bool:
    """Whether every operator of the model has a derivative here (trees and loops have none)."""
    return all(name in SUPPORTED and (name not in PAIRS or n_inputs == 2) for name, n_inputs in model.operators)
