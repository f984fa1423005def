"""The files of test drops over HTTP: what clients of Azure's Blob Storage ask for (reference: clt-service, section 4)."""
