# nomad job run deploy/nomad.hcl; docs/deploying.md says what each line is for.
job "app" {
  type = "service"

  update {
    # One more allocation first; an old one goes when it is healthy.
    max_parallel     = 1
    canary           = 1
    auto_promote     = true
    auto_revert      = true
    health_check     = "checks"
    min_healthy_time = "5s"
    healthy_deadline = "2m"
  }

  group "app" {
    count = 2

    network {
      port "http" {
        to = 8000
      }
      port "admin" {
        to = 9000
      }
    }

    service {
      name     = "app"
      port     = "http"
      provider = "nomad"

      # The arbiter's own answer, at a port that load balancers do not use.
      check {
        type     = "http"
        port     = "admin"
        path     = "/readyz"
        interval = "2s"
        timeout  = "2s"
      }

      check {
        type     = "http"
        name     = "lives"
        port     = "admin"
        path     = "/livez"
        interval = "10s"
        timeout  = "5s"

        check_restart {
          limit = 3
          grace = "90s"
        }
      }
    }

    task "app" {
      driver = "docker"

      # It leaves the catalogue of services at once, and gets the signal that much later. With it, no --drain-delay is needed.
      shutdown_delay = "10s"
      kill_signal    = "SIGTERM"
      # 0 (--drain-delay) + 30 (--graceful-timeout) + 10 for the last hooks and the ends of processes. A client of Nomad caps
      # it at its max_kill_timeout, which is 30 s unless that is raised.
      kill_timeout = "40s"

      config {
        image           = "registry.example.com/app:1.0.0"
        ports           = ["http", "admin"]
        readonly_rootfs = true
        cap_drop        = ["ALL"]
        command         = "node_modules/.bin/tsunicorn"
        args = [
          "server.ts:app",
          "--bind=0.0.0.0:8000",
          "--admin-bind=0.0.0.0:9000",
          "--workers=2",
          "--worker-heap=auto",
          "--log-format=json",
          "--access-logfile=-",
        ]

        # It counts as memory of the task.
        mount {
          type   = "tmpfs"
          target = "/tmp"
          tmpfs_options {
            size = 167772160 # 160 MiB
          }
        }
      }

      env {
        NODE_ENV          = "production"
        RUNTIME_DIRECTORY = "/tmp/tsunicorn"
        # In classes sync and thread: bodies in files of /tmp, of each worker. All together have to fit there, and into memory.
        # TSUNICORN_BODY_FILES = "64M"
      }

      resources {
        # Cores of its own: two workers.
        cores  = 2
        memory = 512
      }
    }
  }
}
