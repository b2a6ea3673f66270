// Addresses and placeholders of pictures.

import { thumbHashToDataURL } from 'thumbhash';
import type { Picture } from '../api/types';

const SIZES = [236, 474, 736] as const;
const LARGEST_PX = 2_400;

const known = new Map<string, string>();
const KNOWN_MOST = 2_000;

export const address = (sha: string, size: 236 | 474 | 736 | 'orig') => `/img/${sha}/${size}.webp`;

/** What the browser chooses from; the original only where a large one is wanted and it is not enormous. */
export function sourceSet(picture: Picture, withOriginal = false): string {
  const sources = SIZES.map((size) => `${address(picture.sha, size)} ${size}w`);
  if (withOriginal && picture.width > 736 && picture.width <= LARGEST_PX) {
    sources.push(`${address(picture.sha, 'orig')} ${picture.width}w`);
  }
  return sources.join(', ');
}

/** A blurred likeness as a data address, or an empty text where there is none. */
export function placeholder(hash: string): string {
  if (!hash) return '';
  let url = known.get(hash);
  if (url === undefined) {
    try {
      url = thumbHashToDataURL(Uint8Array.from(atob(hash), (char) => char.charCodeAt(0)));
    } catch {
      url = ''; // a damaged hash costs the blur, not the page
    }
    if (known.size > KNOWN_MOST) known.clear();
    known.set(hash, url);
  }
  return url;
}
