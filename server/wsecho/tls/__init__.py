# SPDX-License-Identifier: MIT
"""TLS as this server's ports speak it. Its modules need pyOpenSSL, which is an extra."""
