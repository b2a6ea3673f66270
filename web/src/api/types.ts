// Named parts of the HTTP API, as the page uses them.

export interface Picture {
  sha: string;
  width: number;
  height: number;
  frames: number;
  placeholder: string;
  colour: string;
}

export interface Price {
  micros: number;
  currency: string;
}

export interface Card {
  id: string;
  title: string;
  description: string;
  link: string;
  category: string[];
  brand: string;
  price: Price | null;
  availability: string;
  picture: Picture | null;
}

export interface Item extends Card {
  attributes: Record<string, string>;
  keywords: string[];
  saved_in: string[];
  is_hidden: boolean;
  owner: string;
  language: string;
}

export interface Reason {
  kind: string;
  text: string;
  evidence: string[];
}

export interface Placement {
  item: Card;
  position: number;
  source: string;
  reason: Reason;
}

export interface Page {
  request_id: string;
  items: Placement[];
  cursor: string | null;
}

export type Verdict = 'found' | 'weak' | 'nothing';

export interface SearchPage extends Page {
  query: { words: string; colours: string[]; region: unknown; has_picture: boolean };
  verdict: Verdict;
  message: string;
}

export interface Section {
  id: string;
  name: string;
  count: number;
}

export interface Board {
  id: string;
  name: string;
  description: string;
  is_secret: boolean;
  count: number;
  cover: Card[];
  sections: Section[];
}

export interface BoardPage {
  board: Board;
  items: { item: Card; section_id: string | null; saved_ms: number }[];
  cursor: string | null;
}

export interface Topic {
  id: string;
  label: string;
  items: Card[];
}

export interface Person {
  person_id: string;
  is_new: boolean;
  saves: number;
  hides: number;
}

export interface Suggestion {
  text: string;
  kind: string;
}

export interface FacetValue {
  value: string;
  count: number;
}

export interface Facets {
  category: FacetValue[];
  brand: FacetValue[];
  colour: FacetValue[];
  price: { min_micros: number; max_micros: number; currency: string } | null;
}

export interface PageEvent {
  event_id: string;
  action: string;
  at_ms: number;
  session_id: string;
  request_id: string;
  surface: string;
  item_id: string;
  query: string;
  board_id: string;
  position: number;
  dwell_ms: number;
  client: string;
}
