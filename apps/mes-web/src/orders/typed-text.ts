/**
 * Characters that nobody sees and that the API refuses: direction marks, which come with phone numbers and names from contact lists
 * and messengers, and control characters other than tab and line breaks.
 */
const UNSEEN = /(?![\t\n\r])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufff9-\ufffb]/gu;

/** What somebody has typed or pasted, without the characters that they cannot have meant. */
export function typedText(text: string): string {
  return text.replace(UNSEEN, '').trim();
}
