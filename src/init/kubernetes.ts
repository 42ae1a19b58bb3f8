import { containerWords } from './docker.ts';
import { type Facts, stopSum } from './facts.ts';

const DRAIN_SECONDS = 10;

/** A Deployment and a Service of Kubernetes. */
export function kubernetesManifest({ name, port, words, settings }: Facts): string {
  const drain = settings.drainDelay > 0 ? settings.drainDelay : DRAIN_SECONDS;
  const stop = stopSum(drain, settings.gracefulTimeout);
  const args = [...containerWords(words, port)];
  if (settings.drainDelay === 0) args.splice(args.indexOf('--bind'), 0, '--drain-delay', `${drain}`);
  const probe =
    settings.readyPath === null
      ? `tcpSocket:\n              port: http`
      : `httpGet:\n              path: ${JSON.stringify(settings.readyPath)}\n              port: http`;
  const boot = Math.ceil(settings.bootTimeout / 5) + 1;
  return `# kubectl apply -f ${name}.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels:
    app: ${name}
spec:
  replicas: 2
  selector:
    matchLabels:
      app: ${name}
  strategy:
    rollingUpdate:
      maxUnavailable: 0
  template:
    metadata:
      labels:
        app: ${name}
    spec:
      # ${stop.text}
      terminationGracePeriodSeconds: ${stop.seconds}
      containers:
        - name: ${name}
          # The image of tsunicorn init docker.
          image: ${name}:latest
          command: ["node_modules/.bin/tsunicorn"]
          # --drain-delay: it accepts for that long after TERM, until no load balancer sends connections any more.
          args: ${JSON.stringify(args)}
          env:
            - name: NODE_ENV
              value: production
          ports:
            - name: http
              containerPort: ${port}
          startupProbe:
            ${probe}
            periodSeconds: 5
            # ${settings.bootTimeout} s (--boot-timeout) at one probe in 5 s, and one more.
            failureThreshold: ${boot}
          readinessProbe:
            ${probe}
            periodSeconds: 5
          securityContext:
            allowPrivilegeEscalation: false
            runAsNonRoot: true
            # The user node of the image.
            runAsUser: 1000
          resources:
            # -w auto and --worker-heap auto go by these limits.
            requests:
              cpu: "1"
              memory: 512Mi
            limits:
              memory: 512Mi
---
apiVersion: v1
kind: Service
metadata:
  name: ${name}
spec:
  selector:
    app: ${name}
  ports:
    - name: http
      port: 80
      targetPort: http
`;
}
