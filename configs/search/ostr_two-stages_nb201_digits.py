# python tools/search.py configs/search/ostr_two-stages_nb201_digits.py
# The first stage has five candidates per edge, the second the three of the highest strength
_base_ = './ostr_nb201_digits.py'
train_cfg = dict(max_epochs=5)
stages = [{}, dict(keep=3)]
