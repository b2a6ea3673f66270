// Swatches for the colours that the catalogue names.

const SWATCHES: Record<string, string> = {
  black: '#202124',
  grey: '#8d8f92',
  white: '#ffffff',
  cream: '#f4ead0',
  beige: '#d8c1a0',
  brown: '#7a4b2a',
  maroon: '#6e1423',
  red: '#d3141c',
  pink: '#ee8fb0',
  orange: '#f57c14',
  gold: '#c9a13b',
  yellow: '#f8da2c',
  olive: '#6f6f2c',
  green: '#2e8b3c',
  teal: '#11706f',
  turquoise: '#35c5c0',
  blue: '#2f6fd0',
  navy: '#1b2550',
  purple: '#7a349c',
  lavender: '#b9a2dc',
};

/** The swatch of a named colour; a neutral one for a name that is new. */
export function swatch(name: string): string {
  return SWATCHES[name] ?? '#b9b3a8';
}
