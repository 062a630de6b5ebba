import {
  createContext,
  useContext,
  useId,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import './menu.css';

/** Closes the menu, and gives the focus back to its button. */
const CloseContext = createContext<() => void>(() => undefined);

interface MenuProps {
  /** The text of the button. */
  readonly children: ReactNode;
  /** The name of the button and of the menu, if the text of the button does not say it all. */
  readonly label: string;
  readonly items: ReactNode;
}

/** A button that opens a menu, which works as in the menu button pattern of ARIA. */
export function Menu({ children, label, items }: MenuProps): ReactNode {
  const [isOpen, setIsOpen] = useState(false);
  const id = useId();
  const button = useRef<HTMLButtonElement>(null);
  const menu = useRef<HTMLDivElement>(null);

  const focusItem = (index: number): void => {
    const all = itemsOf(menu.current);
    all.at(index % all.length)?.focus();
  };
  const open = (): void => {
    setIsOpen(true);
  };
  // Before the browser can report the next key.
  useLayoutEffect(() => {
    if (isOpen) itemsOf(menu.current)[0]?.focus();
  }, [isOpen]);
  const close = (): void => {
    setIsOpen(false);
    button.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const index = itemsOf(menu.current).findIndex((item) => item === document.activeElement);
    const actionsOfButton: Readonly<Record<string, () => void>> = { ArrowDown: open };
    const actionsOfMenu: Readonly<Record<string, () => void>> = {
      ArrowDown: () => {
        focusItem(index + 1);
      },
      ArrowUp: () => {
        focusItem(Math.max(index, 0) - 1);
      },
      Home: () => {
        focusItem(0);
      },
      End: () => {
        focusItem(-1);
      },
      Escape: close,
    };
    const action = (isOpen ? actionsOfMenu : actionsOfButton)[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  return (
    <div
      className="menu"
      onKeyDown={onKeyDown}
      onBlur={({ currentTarget, relatedTarget }) => {
        if (!currentTarget.contains(relatedTarget)) setIsOpen(false);
      }}
    >
      <button
        ref={button}
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={id}
        aria-label={label}
        title={label}
        onClick={isOpen ? close : open}
      >
        {children}
      </button>
      <div ref={menu} id={id} role="menu" aria-label={label} hidden={!isOpen} tabIndex={-1}>
        {isOpen && <CloseContext value={close}>{items}</CloseContext>}
      </div>
    </div>
  );
}

interface MenuGroupProps {
  readonly label: string;
  readonly children: ReactNode;
}

/** A group of items with a heading. */
export function MenuGroup({ label, children }: MenuGroupProps): ReactNode {
  return (
    <div role="group" aria-label={label}>
      <span aria-hidden="true">{label}</span>
      {children}
    </div>
  );
}

interface MenuItemProps {
  /** Whether the item is the chosen one of its group, or is switched on. Undefined if it is a command. */
  readonly checked?: boolean;
  /** Whether several items of the group may be switched on. */
  readonly many?: boolean;
  readonly lang?: string;
  readonly disabled?: boolean;
  readonly onChoose: () => void;
  readonly children: ReactNode;
}

export function MenuItem({ checked, many = false, lang, disabled, onChoose, children }: MenuItemProps): ReactNode {
  const close = useContext(CloseContext);
  const choose = (): void => {
    // A command closes the menu first: a dialog that it opens gives the focus back to the button.
    if (checked === undefined) close();
    onChoose();
  };
  return (
    <button
      type="button"
      role={checked === undefined ? 'menuitem' : many ? 'menuitemcheckbox' : 'menuitemradio'}
      aria-checked={checked}
      aria-disabled={disabled}
      lang={lang}
      tabIndex={-1}
      onClick={disabled ? undefined : choose}
    >
      {children}
    </button>
  );
}

function itemsOf(menu: Element | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
}
