import { useQueryClient } from '@tanstack/react-query';
import { useId, useState, type ReactNode } from 'react';
import type { OrderDto } from '../api/client';
import { DebouncedInput } from './debounced-input';
import { loadedValues } from './use-orders';

interface ValueFilterProps {
  readonly label: string;
  readonly placeholder: string;
  readonly value: string;
  /** The value of an order that the filter is for. */
  readonly valueOf: (order: OrderDto) => string | undefined;
  /** `replace`: the text was changed before, without leaving the field. */
  readonly onChange: (value: string, replace: boolean) => void;
}

/** A field for the value that orders must have. It suggests the values of the orders that are loaded. */
export function ValueFilter({ label, valueOf, ...input }: ValueFilterProps): ReactNode {
  const queries = useQueryClient();
  const [suggested, setSuggested] = useState<readonly string[]>([]);
  const id = useId();
  return (
    <label>
      {label}
      <DebouncedInput
        {...input}
        type="text"
        list={id}
        onFocus={() => {
          setSuggested(loadedValues(queries, valueOf));
        }}
      />
      <datalist id={id}>
        {suggested.map((value) => (
          <option key={value} value={value} />
        ))}
      </datalist>
    </label>
  );
}
