import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { nameEnums } from './named-enums.js';
import { showEvents } from './show-events.js';

/**
 * Creates the OpenAPI document from the decorators of the routes.
 *
 * @param basePath where clients find the API, such as `/mes`
 */
export function describeApi(application: NestFastifyApplication, basePath = ''): OpenAPIObject {
  const description = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('MES Orders API')
    .setDescription(
      'Orders of a jewellery maker: the web shop and partners create them, operators work on them.\n\n' +
        'Lists, the dashboard and single orders come from a cache that is never older than the last acknowledged write. ' +
        '`Cache-Status` says whether it was a hit. Errors are problem details (RFC 9457) with a stable `code`.',
    )
    .setVersion('1.0.0')
    .setLicense('MIT', 'https://opensource.org/license/mit')
    .addServer(basePath === '' ? '/' : basePath)
    .addBearerAuth({
      type: 'http',
      scheme: 'bearer',
      bearerFormat: 'JWT',
      description: 'In development, `npm start` prints a token for each role.',
    })
    .addTag('orders', 'Create, find and process orders')
    .addTag('dashboard', 'Numbers of orders')
    .addTag('events', 'Live events of the orders')
    .addTag('cache', 'Administration of the cache')
    .addTag('access', 'Who the caller is')
    .addTag('page', 'Settings and sign-in of the operators’ page')
    .addTag('operations', 'Health and metrics')
    .build();
  return nameEnums(SwaggerModule.createDocument(application, description));
}

/** Serves Swagger UI at `/docs` and the document at `/docs-json`. */
export function serveDocumentation(application: NestFastifyApplication, basePath: string): void {
  SwaggerModule.setup('docs', application, () => describeApi(application, basePath), {
    jsonDocumentUrl: 'docs-json',
    // YAML would be made anew for each request, which takes as long as hundreds of hits.
    raw: ['json'],
    customSiteTitle: 'MES Orders API',
    swaggerOptions: {
      persistAuthorization: true,
      displayRequestDuration: true,
      tryItOutEnabled: true,
      requestInterceptor: showEvents,
    },
  });
}
