// A picture to search with: made small enough to send from a phone, and kept while this tab is open.

import { newId } from './ids';
import { router } from './router.svelte';
import { searchAddress } from './routes';
import { toasts } from './toasts.svelte';

export interface QueryPicture {
  key: string;
  blob: Blob;
  url: string;
  width: number;
  height: number;
}

const LONGEST_PX = 1_280;
const LARGEST_BYTES = 40_000_000;
const QUALITY = 0.9;

const known = new Map<string, QueryPicture>();

/** Takes a picture from wherever it came, and opens the search with it. */
export async function searchWith(file: Blob, words = ''): Promise<void> {
  if (file.size > LARGEST_BYTES) {
    toasts.show('This file is larger than 40 MB. Please choose a smaller picture.', null, true);
    return;
  }
  try {
    const picture = await prepared(file);
    known.set(picture.key, picture);
    void store(picture);
    router.go(searchAddress({ picture: picture.key, q: words }));
  } catch {
    toasts.show('This file cannot be read as a picture here. JPEG, PNG, WebP and GIF work.', null, true);
  }
}

export async function pictureOf(key: string): Promise<QueryPicture | null> {
  const held = known.get(key);
  if (held) return held;
  const text = stored(key);
  if (!text) return null;
  const bytes = Uint8Array.from(atob(text.slice(text.indexOf(',') + 1)), (char) => char.charCodeAt(0));
  const picture = await measured(key, new Blob([bytes], { type: 'image/jpeg' }));
  known.set(key, picture);
  return picture;
}

async function prepared(file: Blob): Promise<QueryPicture> {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, LONGEST_PX / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(bitmap.width * scale));
  canvas.height = Math.max(1, Math.round(bitmap.height * scale));
  const ink = canvas.getContext('2d')!;
  ink.fillStyle = '#fff'; // what is see-through is white, as in the catalogue
  ink.fillRect(0, 0, canvas.width, canvas.height);
  ink.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  const blob = await new Promise<Blob>((resolve, reject) =>
    canvas.toBlob((made) => (made ? resolve(made) : reject(new Error('no picture'))), 'image/jpeg', QUALITY),
  );
  return { key: newId().slice(0, 12), blob, url: URL.createObjectURL(blob), width: canvas.width, height: canvas.height };
}

async function measured(key: string, blob: Blob): Promise<QueryPicture> {
  const bitmap = await createImageBitmap(blob);
  const { width, height } = bitmap;
  bitmap.close();
  return { key, blob, url: URL.createObjectURL(blob), width, height };
}

async function store({ key, blob }: QueryPicture): Promise<void> {
  const text = await new Promise<string>((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result));
    reader.readAsDataURL(blob);
  });
  try {
    sessionStorage.setItem(`bowerbird.picture.${key}`, text);
  } catch {
    sessionStorage.clear(); // full of earlier pictures; this one is still held in memory
  }
}

function stored(key: string): string | null {
  try {
    return sessionStorage.getItem(`bowerbird.picture.${key}`);
  } catch {
    return null;
  }
}
