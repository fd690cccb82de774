"""mmpretrain's classifier around derived networks.

It needs mmpretrain, which takes seconds to import, so ``ostrdet.models`` does not import it.
"""

from ostrdet.models.classifiers.aux_cls_head import AuxiliaryClsHead
from ostrdet.models.classifiers.derived_image import DerivedImageClassifier

__all__ = ['AuxiliaryClsHead', 'DerivedImageClassifier']
