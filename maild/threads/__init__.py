"""The judgement: which ticket a mail belongs to, who wrote it, what is done with it. Values in, a Plan out."""
