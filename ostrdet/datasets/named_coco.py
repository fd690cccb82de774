"""The reader of annotations that mmdet's data sets use, with categories by name."""

from collections.abc import Sequence
from typing import Any

from mmdet.datasets.api_wrappers import COCO

from ostrdet.datasets.coco_census import Census, take_census
from ostrdet.datasets.coco_content import AnnotationError, category_ids, read_coco


class NamedCOCO(COCO):
    """``mmdet``'s COCO, but the ids of categories come in the order of the names that are asked for.

    pycocotools gives them in the order of the file, and mmdet numbers the classes by it: with another
    order in the file, or in the file of another split, a label would mean another class.

    Args:
        annotation_file: The file.
        found: Is given the census of the boxes, for the classes of the data set.

    Raises:
        FileNotFoundError: If there is no such file.
        AnnotationError: If it is no COCO JSON.
    """

    def __init__(self, annotation_file: str, found: list[Census]) -> None:
        super().__init__()
        self._path, self._found = annotation_file, found
        self.dataset = read_coco(annotation_file)
        self.createIndex()
        self.img_ann_map, self.cat_img_map = self.imgToAnns, self.catToImgs

    def get_cat_ids(
        self,
        cat_names: Sequence[str] = (),
        sup_names: Sequence[str] = (),
        cat_ids: Sequence[int] = (),
    ) -> list[int]:
        """The ids of the categories ``cat_names``, in their order; else as in pycocotools.

        Raises:
            AnnotationError: If a name has no category, or several.
        """
        if isinstance(cat_names, str):
            raise AnnotationError(
                f"metainfo.classes='{cat_names}' is no list; write ('{cat_names}',)"
            )
        if not cat_names:
            found: list[int] = super().get_cat_ids(cat_names, sup_names, cat_ids)
            return found
        self._found.append(take_census(self.dataset, cat_names, self._path))
        return category_ids(self.dataset, cat_names, self._path)


def name_categories(api: Any, classes: Sequence[str], path: str) -> list[int]:
    """Let an index of pycocotools that a metric has read give the boxes as the loader has them.

    ``iscrowd`` is 0 where it is lacking, and no annotation has the id 0, by which pycocotools knows
    that nothing was matched.

    Args:
        api: The index, which is changed.
        classes: The names of the classes.
        path: The file, for messages.

    Returns:
        The category ids of the classes, in their order.

    Raises:
        AnnotationError: If a class has no category, or several.
    """
    for box in api.anns.values():
        box.setdefault('iscrowd', 0)
    if 0 in api.anns:
        box = api.anns.pop(0)
        box['id'] = max(api.anns, default=0) + 1
        api.anns[box['id']] = box
    return category_ids(api.dataset, classes, path)
