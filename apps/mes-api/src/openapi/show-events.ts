interface SwaggerRequest {
  readonly url: string;
  userFetch?: typeof fetch;
}

/**
 * A request interceptor of Swagger UI, which waits for the end of every response. The live events have none: it shows those of the
 * first seconds.
 *
 * The function runs in the browser, to which only its own text is sent.
 */
export const showEvents = (request: SwaggerRequest): SwaggerRequest => {
  const SHOWN_MS = 3_000;
  if (!request.url.endsWith('/api/v1/events')) return request;
  request.userFetch = async (url, options) => {
    const stopped = new AbortController();
    const response = await fetch(url, { ...options, signal: stopped.signal });
    if (!response.ok || !response.body) return response;
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        if (text === '') {
          setTimeout(() => {
            stopped.abort();
          }, SHOWN_MS);
        }
        text += part.value;
      }
    } catch (error) {
      if (!stopped.signal.aborted) throw error;
    }
    return new Response(text, response);
  };
  return request;
};
