import CCurl
import X509
