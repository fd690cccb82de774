"""Which boxes of a COCO file a data set keeps, and why it drops the others."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ostrdet.datasets.coco_content import AnnotationError, category_ids
from ostrdet.registry import some

#: Pixels by which rounding may lead a box out of its image, and the part of all boxes that may be.
SLACK, FEW = 1.0, 0.1
IN_PIXELS = '[x, y, width, height] in pixels'
CROWD, NO_CLASS = 'crowds', 'of categories that belong to no class'


class Census(NamedTuple):
    """What a data set makes of an annotation file.

    Attributes:
        path: The file.
        boxes: Boxes that are learnt or looked for.
        dropped: How many others there are, by reason.
        images: Images of the file.
        empty: Images that have no box left.
        outreaching: Kept boxes that reach beyond their image.
        unused: Classes without a box.
        strange: Ids of categories that belong to no class.
        repeated: Files of images that are listed more than once.
    """

    path: str
    boxes: int
    dropped: Counter[str]
    images: int
    empty: int
    outreaching: int
    unused: list[str]
    strange: list[int]
    repeated: list[str]

    def text(self, with_images: bool = True) -> str | None:
        """What a user should know of it in one line, or None.

        Args:
            with_images: Whether images without boxes are left out, as they are in training.
        """
        parts = [f'the others: {self._reasons()}'] if self._reasons() else []
        if self.boxes and self.unused:
            parts.append(f'no box is of the class {some(self.unused)}')
        if self.outreaching > FEW * self.boxes:
            parts.append(
                f'{self.outreaching:,} boxes reach beyond their image: expected are {IN_PIXELS} of '
                'an image of the given width and height'
            )
        if self.repeated:
            parts.append(f'listed more than once: {some(self.repeated)}')
        # Some images of a good data set are empty, as 1 % of COCO's are
        if with_images and self.empty and (parts or 2 * self.empty > self.images):
            parts.append(f'{self.empty:,} of {self.images:,} images have no box')
        if not parts:
            return None
        total = self.boxes + sum(self.dropped.values())
        return f"'{self.path}': {self.boxes:,} of {total:,} boxes are usable; {'; '.join(parts)}"

    def _reasons(self) -> str:
        """The boxes that are dropped, if any; crowds alone are no fault of a file that has others."""
        if self.boxes and not {*self.dropped} - {CROWD}:
            return ''
        ids = {NO_CLASS: f' (ids {some(self.strange)})'}
        return ', '.join(f'{n:,} {why}{ids.get(why, "")}' for why, n in self.dropped.most_common())

    def check(self) -> None:
        """Check that something is left.

        Raises:
            AnnotationError: If no box is.
        """
        if not self.boxes:
            reasons = self.text(with_images=False) or f"'{self.path}' has no annotation"
            raise AnnotationError(
                f'{reasons}: nothing is left to learn or to measure; fix the annotations'
            )


def take_census(content: Mapping[str, Any], classes: Sequence[str], path: str | Path) -> Census:
    """Count what mmdet's loader keeps of the content of a COCO file.

    Raises:
        AnnotationError: If a class has no category, or several.
    """
    images = {image['id']: image for image in content['images']}
    ids = category_ids(content, classes, path)
    wanted, dropped, kept = set(ids), Counter[str](), Counter[int]()
    files = Counter(image['file_name'] for image in content['images'])
    filled, outreaching = set(), 0
    for box in content['annotations']:
        image = images.get(box['image_id'])
        why = 'of images that are not listed' if image is None else why_dropped(box, image, wanted)
        if why is not None or image is None:
            dropped[str(why)] += 1
            continue
        kept[box['category_id']] += 1
        filled.add(box['image_id'])
        outreaching += _reaches_out(box['bbox'], image)
    return Census(
        path=str(path),
        boxes=kept.total(),
        dropped=dropped,
        images=len(images),
        empty=len(images) - len(filled),
        outreaching=outreaching,
        unused=[name for name, key in zip(classes, ids, strict=True) if not kept[key]],
        strange=sorted({box['category_id'] for box in content['annotations']} - wanted),
        repeated=[name for name, times in files.items() if times > 1],
    )


def why_dropped(
    box: Mapping[str, Any], image: Mapping[str, Any], ids: Collection[int]
) -> str | None:
    """Why mmdet's loader leaves out an annotation, or None; a crowd is loaded, but not learnt.

    Args:
        box: The annotation.
        image: The entry of its image.
        ids: The category ids of the classes.
    """
    x, y, width, height = box['bbox']
    if box.get('ignore'):
        return "marked 'ignore'"
    if width < 1 or height < 1:
        return f'less than 1 pixel wide or high (expected are {IN_PIXELS})'
    overlap = [
        min(x + width, image['width']) - max(x, 0),
        min(y + height, image['height']) - max(y, 0),
    ]
    if min(overlap) <= 0:
        return 'outside of their image'
    if box['area'] <= 0:
        return "of an 'area' of 0 or less"
    if box['category_id'] not in ids:
        return NO_CLASS
    return CROWD if box['iscrowd'] else None


def _reaches_out(bbox: Sequence[float], image: Mapping[str, Any]) -> bool:
    x, y, width, height = bbox
    beyond = (-x, -y, x + width - image['width'], y + height - image['height'])
    return max(beyond) > SLACK
