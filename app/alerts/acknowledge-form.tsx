import { Form, useNavigation } from '@remix-run/react';
import { BellOff } from 'lucide-react';
import { useSubject } from '#app/components/layout/root-data';
import { Button } from '#app/components/ui/button';
import { cn } from '#app/lib/cn';
import { can, whyNot } from '#server/auth/contract';

/** Says in one press that one deals with it, for an hour. */
export function AcknowledgeButton({
  alertId,
  title,
  big,
}: {
  alertId: string;
  title: string;
  big?: boolean;
}) {
  const subject = useSubject();
  const navigation = useNavigation();
  const isBusy = navigation.state === 'submitting' && navigation.formData?.get('alertId') === alertId;
  return (
    <Form method="post" preventScrollReset className={cn(big && 'grid')}>
      <input type="hidden" name="intent" value="acknowledge" />
      <input type="hidden" name="alertId" value={alertId} />
      <Button
        type="submit"
        look="primary"
        size={big ? 'big' : 'm'}
        aria-busy={isBusy}
        aria-label={`Acknowledge: ${title}`}
        blockedBy={can(subject, 'alerts.acknowledge') ? null : whyNot('alerts.acknowledge', subject)}
      >
        <BellOff aria-hidden="true" size={15} />
        Acknowledge
      </Button>
    </Form>
  );
}
