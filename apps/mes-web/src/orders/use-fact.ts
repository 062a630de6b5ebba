import { useLanguage } from '../language/language-context';
import type { Priority } from './change';
import type { Field } from './permissions';

/** Returns a function that says the value of a field in words: “priority “High””, “no due date”. */
export function useFact(): (field: Field, value: string | null | undefined) => string {
  const { t, formats } = useLanguage();
  return (field, value) => {
    if (value === undefined || value === null) return t(field === 'dueAt' ? 'change.noDue' : 'change.noAssignee');
    switch (field) {
      case 'priority':
        return t('change.priority', { value: t(`priority.${value as Priority}`) });
      case 'dueAt':
        return t('change.due', { value: formats.dateAndTime(new Date(value)) });
      case 'assignee':
        return t('change.assignee', { value });
    }
  };
}
