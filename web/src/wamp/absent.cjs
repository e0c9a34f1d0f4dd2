// SPDX-License-Identifier: MIT
// Stands in for what AutobahnJS loads and this page never uses: binary serializers, cryptography.

module.exports = () => ({});
