"""BPMN 2.0 and DMN 1.3: reading, refusing what is not supported, and running it on SpiffWorkflow with our expressions."""
