import { containerWords } from './docker.ts';
import { type Facts, stopSum } from './facts.ts';

const DRAIN_SECONDS = 10;
const ADMIN_PORT = 9000;

/** A Deployment and a Service of Kubernetes. */
export function kubernetesManifest({ name, port, words, settings }: Facts): string {
  const drain = settings.drainDelay > 0 ? settings.drainDelay : DRAIN_SECONDS;
  const stop = stopSum(drain, settings.gracefulTimeout);
  // Before the last --bind, which stands before the words of a program.
  const args = [...containerWords(words, port)];
  const added = ['--admin-bind', `0.0.0.0:${ADMIN_PORT}`];
  if (settings.drainDelay === 0) added.push('--drain-delay', `${drain}`);
  args.splice(args.lastIndexOf('--bind'), 0, ...added);
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
      automountServiceAccountToken: false
      enableServiceLinks: false
      containers:
        - name: ${name}
          # The image of tsunicorn init docker.
          image: ${name}:latest
          command: ["node_modules/.bin/tsunicorn"]
          # --drain-delay: it accepts for that long after TERM, until no load balancer sends connections any more.
          # --admin-bind: the arbiter answers there itself, however busy its workers are.
          args: ${JSON.stringify(args)}
          env:
            - name: NODE_ENV
              value: production
          ports:
            - name: http
              containerPort: ${port}
            - name: admin
              containerPort: ${ADMIN_PORT}
          startupProbe:
            httpGet:
              path: /readyz
              port: admin
            periodSeconds: 5
            # ${settings.bootTimeout} s (--boot-timeout) at one probe in 5 s, and one more.
            failureThreshold: ${boot}
          readinessProbe:
            httpGet:
              path: /readyz
              port: admin
            periodSeconds: 2
            failureThreshold: 2
          livenessProbe:
            httpGet:
              path: /livez
              port: admin
            timeoutSeconds: 5
          securityContext:
            allowPrivilegeEscalation: false
            runAsNonRoot: true
            # The user node of the image.
            runAsUser: 1000
            capabilities:
              drop: ["ALL"]
            seccompProfile:
              type: RuntimeDefault
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
