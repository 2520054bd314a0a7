import type { MetaFunction } from '@remix-run/node';
import { useLoaderData } from '@remix-run/react';
import { PageHeader } from '#app/components/layout/page-header';
import { pageTitle } from '#app/components/layout/page-title';
import { protectedLoader } from '#app/http/protected.server';
import { ConfigurationState } from '#app/settings/configuration-state';
import { EnvironmentSettings } from '#app/settings/environment-settings';
import { getConfiguration } from '#server/services/queries';

export { ErrorBoundary } from '#app/components/error-boundary';

export const meta: MetaFunction = (args) => pageTitle(args, 'Services and environments');

export const loader = protectedLoader({ access: 'configuration.read' }, ({ ctx }) =>
  getConfiguration(ctx, {}),
);

export default function Services() {
  const configuration = useLoaderData<typeof loader>();
  return (
    <>
      <PageHeader title="Services and environments">
        What <code>{configuration.file.name}</code> says, as this console runs with it. Secrets are named,
        never shown.
      </PageHeader>
      <div className="grid gap-4">
        <ConfigurationState configuration={configuration} />
        {configuration.services.flatMap((service) =>
          service.environments.map((environment) => (
            <EnvironmentSettings
              key={`${service.service}/${environment.environment}`}
              service={service}
              environment={environment}
            />
          )),
        )}
      </div>
    </>
  );
}
