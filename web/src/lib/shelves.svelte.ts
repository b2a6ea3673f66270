// Boards and what is saved on them: shown as done at once, put back where the server refuses.

import { SvelteMap } from 'svelte/reactivity';
import * as calls from '../api/calls';
import { Problem } from '../api/client';
import type { Board, Card } from '../api/types';
import { remember, remembered } from './remembered';
import { toasts } from './toasts.svelte';
import { inTurn } from './turns';

export interface Spot {
  boardId: string;
  boardName: string;
  sectionId: string | null;
}

class Shelves {
  boards = $state.raw<readonly Board[]>([]);
  status = $state<'unasked' | 'loading' | 'ready' | 'failed'>('unasked');
  problem = $state.raw<Problem | null>(null);
  /** Where each item that was saved or looked at in this visit lies. */
  saved = new SvelteMap<string, Spot>();
  #lastId = $state(remembered('board'));

  /** The board that was saved to last, if it is still there. */
  get last(): Board | null {
    return this.boards.find((board) => board.id === this.#lastId) ?? null;
  }

  async load(): Promise<void> {
    if (this.status === 'unasked') this.status = 'loading';
    try {
      this.boards = (await calls.boards()).boards;
      this.status = 'ready';
    } catch (error) {
      this.problem = error instanceof Problem ? error : null;
      if (this.status !== 'ready') this.status = 'failed';
    }
  }

  async save(card: Card, board: Board, sectionId: string | null = null): Promise<void> {
    const before = this.saved.get(card.id);
    const spot = { boardId: board.id, boardName: board.name, sectionId };
    this.saved.set(card.id, spot);
    this.#useLast(board.id);
    toasts.show(`Saved to ${board.name}`, { label: 'Undo', run: () => void this.unsave(card, spot) });
    try {
      await inTurn(card.id, () => calls.save(board.id, card.id, sectionId));
      void this.load();
    } catch (error) {
      this.#put(card.id, before);
      toasts.problem(error, `Not saved to ${board.name}.`, () => void this.save(card, board, sectionId));
    }
  }

  /** Unsaves, and offers to think again. */
  async takeOff(card: Card, spot: Spot): Promise<void> {
    const again = () => {
      const board = this.boards.find(({ id }) => id === spot.boardId);
      if (board) void this.save(card, board, spot.sectionId);
    };
    toasts.show(`Taken off ${spot.boardName}`, { label: 'Undo', run: again });
    await this.unsave(card, spot);
  }

  async unsave(card: Card, spot: Spot): Promise<boolean> {
    const before = this.saved.get(card.id);
    this.saved.delete(card.id);
    try {
      await inTurn(card.id, () => calls.unsave(spot.boardId, card.id));
      void this.load();
      return true;
    } catch (error) {
      this.#put(card.id, before);
      toasts.problem(error, `Still on ${spot.boardName}.`);
      return false;
    }
  }

  async move(card: Card, from: Spot, board: Board, sectionId: string | null): Promise<boolean> {
    const spot = { boardId: board.id, boardName: board.name, sectionId };
    this.saved.set(card.id, spot);
    try {
      await inTurn(card.id, () => calls.move(from.boardId, card.id, board.id, sectionId));
      void this.load();
      return true;
    } catch (error) {
      this.#put(card.id, from);
      toasts.problem(error, `Not moved to ${board.name}.`);
      return false;
    }
  }

  async create(name: string, isSecret: boolean): Promise<Board> {
    const board = await calls.createBoard({ name, description: '', is_secret: isSecret });
    this.boards = [board, ...this.boards];
    this.#useLast(board.id);
    return board;
  }

  #useLast(boardId: string): void {
    this.#lastId = boardId;
    remember('board', boardId);
  }

  #put(itemId: string, spot: Spot | undefined): void {
    if (spot) this.saved.set(itemId, spot);
    else this.saved.delete(itemId);
  }
}

export const shelves = new Shelves();
