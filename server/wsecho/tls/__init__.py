# SPDX-License-Identifier: MIT
"""TLS as this server's ports speak it. Its modules need pyOpenSSL, which is an extra.

The service imports it where a port speaks TLS, and nobody else. It must not know what is said
within a connection.
"""
