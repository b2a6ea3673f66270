// How far a switch to another encoder is, as one line; null where none is under way.

import type { Encoder } from '../api/types';

const PHASES: Record<string, string> = {
  starting: 'beginning',
  fitting: 'bringing pictures and words together',
  indexing: 'making it searchable',
  checking: 'checking',
  ready: 'ready to take over',
};

export function progressWords(encoder: Encoder): string | null {
  const { candidate, progress } = encoder;
  if (!candidate) return null;
  const name = `The catalogue is being seen anew with ${candidate.encoder}`;
  if (!progress) return `${name}: beginning`;
  if (progress.phase === 'failed') return `Seeing the catalogue with ${candidate.encoder} failed: ${progress.problem}`;
  const phase = progress.phase ?? 'starting';
  if (phase !== 'encoding') return `${name}: ${PHASES[phase] ?? phase}`;
  const left = (progress.total ?? 0) - (progress.done ?? 0);
  return `${name}: ${Math.floor((encoder.ratio ?? 0) * 100)} %${timeLeft(left, progress.per_second ?? 0)}`;
}

function timeLeft(left: number, perSecond: number): string {
  if (perSecond <= 0 || left <= 0) return '';
  const seconds = left / perSecond;
  if (seconds < 60) return ', less than a minute left';
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `, about ${minutes} min left` : `, about ${Math.round(minutes / 60)} h left`;
}
