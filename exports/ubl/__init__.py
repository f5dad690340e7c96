"""UBL invoices and credit notes."""
