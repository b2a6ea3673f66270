// What can be done with a board and with a section of one.

import * as calls from '../api/calls';
import type { Board, Section } from '../api/types';
import { router } from './router.svelte';
import { boardAddress } from './routes';
import { sheets, type MenuLine } from './sheets.svelte';
import { shelves } from './shelves.svelte';
import { toasts } from './toasts.svelte';
import { counted } from './words';

export function boardMenu(board: Board, changed: () => Promise<void>): MenuLine[] {
  return [
    { label: 'Rename', icon: 'edit', run: () => renameBoard(board, changed) },
    {
      label: board.is_secret ? 'Make it visible' : 'Make it secret',
      icon: 'lock',
      run: () => void setSecret(board, changed),
    },
    { label: 'Delete…', icon: 'bin', isGrave: true, run: () => deleteBoard(board) },
  ];
}

export function sectionMenu(board: Board, section: Section, changed: () => Promise<void>): MenuLine[] {
  return [
    {
      label: 'Rename',
      icon: 'edit',
      run: () =>
        sheets.show({
          kind: 'name',
          title: 'Rename the section',
          label: 'Name',
          value: section.name,
          yes: 'Rename',
          run: async (name) => {
            await calls.renameSection(board.id, section.id, name);
            await changed();
          },
        }),
    },
    {
      label: 'Delete the section…',
      icon: 'bin',
      isGrave: true,
      run: () =>
        sheets.show({
          kind: 'confirm',
          title: `Delete the section ${section.name}?`,
          text: 'Its pictures stay on the board.',
          yes: 'Delete',
          run: async () => {
            await calls.deleteSection(board.id, section.id);
            void shelves.load();
            router.go(boardAddress(board.id));
          },
        }),
    },
  ];
}

function renameBoard(board: Board, changed: () => Promise<void>): void {
  sheets.show({
    kind: 'name',
    title: 'Rename the board',
    label: 'Name',
    value: board.name,
    yes: 'Rename',
    run: async (name) => {
      await calls.changeBoard(board.id, { name });
      void shelves.load();
      await changed();
    },
  });
}

async function setSecret(board: Board, changed: () => Promise<void>): Promise<void> {
  try {
    await calls.changeBoard(board.id, { is_secret: !board.is_secret });
    toasts.show(board.is_secret ? `${board.name} is no longer secret` : `${board.name} is secret now`);
    void shelves.load();
    await changed();
  } catch (error) {
    toasts.problem(error, 'Not changed.');
  }
}

function deleteBoard(board: Board): void {
  sheets.show({
    kind: 'confirm',
    title: `Delete ${board.name}?`,
    text: `The board and its ${counted(board.count, 'saved picture')} go. This cannot be undone.`,
    yes: 'Delete',
    run: async () => {
      await calls.deleteBoard(board.id);
      for (const [itemId, spot] of shelves.saved) if (spot.boardId === board.id) shelves.saved.delete(itemId);
      void shelves.load();
      toasts.show(`${board.name} is deleted`);
      router.go('/boards');
    },
  });
}
