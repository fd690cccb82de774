# python tools/train.py configs/retrain/darts_digits.py --genotype GENOTYPE
# A training of cells of the DARTS space that takes a minute, on the embedded digits
_base_ = './nb201_digits.py'
model = dict(backbone=dict(space=dict(type='DARTSSpace'), genotype='darts_v2', num_cells=3))
