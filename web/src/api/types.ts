// Names for the parts of the API that the page uses; `schema.ts` is generated from the server's own description.

import type { components } from './schema';

type Schemas = components['schemas'];

export type Picture = Schemas['Picture'];
export type Price = Schemas['Price'];
export type Card = Schemas['Card'];
export type Item = Schemas['ItemDetail'];
export type Frame = Schemas['FrameShown'];
export type Reason = Schemas['ReasonShown'];
export type Page = Schemas['PageShown'];
export type SearchPage = Schemas['SearchPageShown'];
export type Verdict = SearchPage['verdict'];
export type Section = Schemas['SectionShown'];
export type Board = Schemas['BoardShown'];
export type BoardPage = Schemas['BoardPage'];
export type Topic = Schemas['Topic'];
export type Person = Schemas['Me'];
export type Forgotten = Schemas['ForgetShown'];
export type Profile = Schemas['ProfileShown'];
export type Interest = Schemas['InterestShown'];
export type Controls = Schemas['ControlsShown'];
export type ControlsChange = Schemas['ControlsGiven'];
export type Why = Schemas['WhyShown'];
export type WishWord = Schemas['WishAsked']['wish'];
export type Neighbours = Schemas['NeighboursShown'];
export type Graph = Schemas['GraphShown'];
export type Degrees = Schemas['DegreesShown'];
export type Suggestion = Schemas['Suggestion'];
export type FacetValue = Schemas['FacetValue'];
export type Facets = Schemas['Facets'];
export type Encoder = Schemas['EncoderShown'];
export type Learning = Schemas['LoopShown'];
export type LearningStep = Schemas['StepShown'];
export type PageEvent = Schemas['EventGiven'];
